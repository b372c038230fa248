package io.hiervl.structure;

import io.hiervl.PublicApi;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A module of a network with all that is below it. Immutable: any thread may use it.
 *
 * @param path       dotted name from the root; empty for the root
 * @param label      the part of the path that its parent does not have
 * @param children   modules below it, in the order in which they begin
 * @param operations its own, without those of the children
 * @param figures    its own and the children's together
 */
@PublicApi
public record Block(String path, String label, List<Block> children, List<Operation> operations, Figures figures) {
    public Block {
        children = List.copyOf(children);
        operations = List.copyOf(operations);
    }

    /** This block and all below it, each before its children. */
    public Stream<Block> all() {
        return Stream.concat(Stream.of(this), children.stream().flatMap(Block::all));
    }

    /** The block of a path among this one and those below it. */
    public Optional<Block> find(String wanted) {
        return all().filter(b -> b.path().equals(wanted)).findFirst();
    }
}
