/**
 * The embedded default: a rendered world of small scenes whose classes differ by hue alone, its captions, the data set
 * made of it, and the contrastive pre-training of the tiny CLIP on the same world.
 */
package io.hiervl.synth;
