/** What a run leaves for people: tables, curves, TensorBoard events and the HTML page. Writes files, never prints. */
package io.hiervl.report;
