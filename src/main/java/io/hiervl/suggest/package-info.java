/** Which unlabelled photos to label next. */
package io.hiervl.suggest;
