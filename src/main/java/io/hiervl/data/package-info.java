/**
 * From list files to batches: samples, joint transforms of photo and labels, weak and strong views, CutMix, DataVec
 * record readers, prefetching, and the check of a whole data folder.
 */
package io.hiervl.data;
