/** The graph of a network by modules: figures of every module, and the graph as a page, a picture and a file for Graphviz. */
package io.hiervl.structure;
