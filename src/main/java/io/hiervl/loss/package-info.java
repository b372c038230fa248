/**
 * The losses of HierVL, one class each, named as in the paper. Every class has a part that builds its scalar in a graph and
 * a part in plain Java that computes targets, per-pixel weights and denominators for a whole batch, so that micro-batches
 * add up to the undivided step.
 */
package io.hiervl.loss;
