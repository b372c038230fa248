/** Speed and peak memory of the program's parts and of whole steps, on random weights. */
package io.hiervl.bench;
