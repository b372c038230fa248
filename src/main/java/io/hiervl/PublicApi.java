package io.hiervl;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a type that is meant for users of the library, with its public nested types. docs/api.md lists them and says what stays stable.
 * Every other public type is internal: it may change or vanish with any version. {@code ApiTest} keeps the page and the marks equal.
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface PublicApi {
    /**
     * Whether the type is a handle: one call of the API gives it, another takes it. Only the members that docs/api.md names are for users,
     * the others are internal.
     */
    boolean handle() default false;
}
