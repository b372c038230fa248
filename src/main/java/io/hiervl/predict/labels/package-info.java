/** Predictions as labels, in the forms that labelling tools read, for correction there. */
package io.hiervl.predict.labels;
