/** Photos and label maps: decoding, writing, and the pixel arithmetic of Pillow and torchvision. */
package io.hiervl.image;
