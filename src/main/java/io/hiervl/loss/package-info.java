/**
 * The losses of HierVL, one class each, named as in the paper. A class is a {@link io.hiervl.loss.Term}: its name, its weight, its inputs
 * and its part of a graph. What it reads is computed in plain Java for a whole batch, denominators included, so that micro-batches add up
 * to the undivided step. {@link io.hiervl.loss.Terms} lists all of them.
 */
package io.hiervl.loss;
