/** The program on many machines, with Apache Spark: predictions, evaluation, experiments and synchronous training (docs/spark.md). */
package io.hiervl.spark;
