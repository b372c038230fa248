/** A live page of training runs, read from their folders. */
package io.hiervl.watch;
