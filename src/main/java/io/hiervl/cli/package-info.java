/** The commands of {@code hiervl}. The only package that prints, reads options or exits. */
package io.hiervl.cli;
