package io.hiervl.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a component whose record is a group in the program only: in YAML its settings stand among those of the enclosing record. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface Group {
    /** Whether the keys of the settings begin with the key of the component: guidance and start make guidance_start. */
    boolean prefixed() default false;
}
