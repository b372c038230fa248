package io.hiervl.config;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Keys of settings. A key is written nowhere: it follows from the name of the record component, and from the {@link Group}s that the
 * component stands in.
 */
final class Keys {
    /** Keys of a record that stands for itself. */
    static final Keys PLAIN = new Keys("", null);

    /** Where the records of a recipe stand in YAML: {@code loss.} and the keys of the group. */
    private static final Map<Class<?>, Place> PLACES = new HashMap<>();

    static {
        place(Recipe.class, new Place("", PLAIN));
    }

    private final String prefix;
    private final String own;

    private record Place(String section, Keys keys) {
    }

    private Keys(String prefix, String own) {
        this.prefix = prefix;
        this.own = own;
    }

    private static void place(Class<?> type, Place place) {
        PLACES.put(type, place);
        for (RecordComponent c : type.getRecordComponents()) {
            Keys within = place.keys.within(c);
            if (within != null) {
                place(c.getType(), new Place(place.section, within));
            } else if (c.getType().isRecord()) {
                place(c.getType(), new Place(place.section + place.keys.of(c) + ".", PLAIN));
            }
        }
    }

    /** The key of a component with its sections, as {@code --set} takes it; without sections if no recipe holds the record. */
    static String path(RecordComponent component) {
        Place place = PLACES.getOrDefault(component.getDeclaringRecord(), new Place("", PLAIN));
        return place.section + place.keys.of(component);
    }

    /** The key of a component. */
    String of(RecordComponent component) {
        return component.isAnnotationPresent(GroupKey.class) ? own : prefix + snake(component.getName());
    }

    /** The keys within a component that is a group, null if it is none. */
    Keys within(RecordComponent component) {
        Group group = component.getAnnotation(Group.class);
        if (group == null) {
            return null;
        }
        String key = prefix + snake(component.getName());
        return new Keys(group.prefixed() ? key + "_" : prefix, key);
    }

    /** Keys of all settings of a record, those of its groups among them. */
    List<String> all(Class<?> type) {
        List<String> all = new ArrayList<>();
        for (RecordComponent c : type.getRecordComponents()) {
            Keys within = within(c);
            if (within == null) {
                all.add(of(c));
            } else {
                all.addAll(within.all(c.getType()));
            }
        }
        return all;
    }

    /** All settings of a record by their keys, those of its groups among them. */
    Map<String, Object> values(Record record) {
        Map<String, Object> all = new LinkedHashMap<>();
        for (RecordComponent c : record.getClass().getRecordComponents()) {
            Keys within = within(c);
            if (within == null) {
                all.put(of(c), get(record, c));
            } else {
                all.putAll(within.values((Record) get(record, c)));
            }
        }
        return all;
    }

    private static Object get(Record record, RecordComponent component) {
        try {
            component.getAccessor().setAccessible(true);
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    /** promptInit -> prompt_init, nEnc -> n_enc, visualRowsInS -> visual_rows_in_s. */
    static String snake(String component) {
        return component.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
