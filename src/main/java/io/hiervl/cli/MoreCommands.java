package io.hiervl.cli;

import java.util.List;

/** Commands of a larger build, such as {@code hiervl spark}. This room does not know their classes; {@code ServiceLoader} finds them. */
public interface MoreCommands {
    /**
     * Classes with picocli's annotations. Their constructors may take the {@link Console}. Empty if a library is missing that they need.
     */
    List<Class<?>> classes();
}
