package io.hiervl.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks the setting of a {@link Group} that has the key of the group itself, such as {@code entropy} beside {@code entropy_ramp}. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
@interface GroupKey {
}
