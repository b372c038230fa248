package io.hiervl.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A number that must not be below another setting of the same record. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface NotBelow {
    /** Name of the other component. */
    String value();

    /** The largest value. */
    double most() default Double.POSITIVE_INFINITY;
}
