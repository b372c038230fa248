/** Makes data sets of what labelling tools export. */
package io.hiervl.data.importing;
