/** Numeric kernels under the ops: plain Java for every platform, oneDNN for 32-bit floats on x86-64. */
package io.hiervl.op.kernel;
