package io.hiervl.structure;

import io.hiervl.PublicApi;
import java.util.List;

/**
 * An operation of a graph. Immutable: any thread may use it.
 *
 * @param name       in the graph
 * @param path       module that it belongs to, dotted, such as {@code query_decoder.layers.0.cross_attn}; empty at the root
 * @param kind       what it computes, as its format calls it
 * @param inputs     names of the arrays that it reads, stored ones included
 * @param parameters stored arrays of more than one value among them
 * @param results    what it makes
 * @param flops      floating-point operations of products and convolutions, a product and a sum counting two; 0 for all other kinds
 * @param alias      whether the result is the first input under another name or shape and takes no memory
 */
@PublicApi
public record Operation(String name, String path, String kind, List<String> inputs, List<Value> parameters, List<Value> results,
    double flops, boolean alias) {
    public Operation {
        inputs = List.copyOf(inputs);
        parameters = List.copyOf(parameters);
        results = List.copyOf(results);
    }
}
