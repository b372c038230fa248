/** ONNX files: protobuf reading and writing, data flow of a graph, stored tensors in every number format. */
package io.hiervl.onnx;
