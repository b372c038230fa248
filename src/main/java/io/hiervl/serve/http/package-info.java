/** A small HTTP service: routes, who may ask, how much at once, for how long. It knows nothing of models. */
package io.hiervl.serve.http;
