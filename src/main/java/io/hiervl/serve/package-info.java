/** Predictions over HTTP: models by name, a page, corrections that become labelled pairs, Label Studio's protocol. */
package io.hiervl.serve;
