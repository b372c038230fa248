/** Settings as records, read strictly from YAML. Knows nothing of arrays, files of weights or training. */
package io.hiervl.config;
