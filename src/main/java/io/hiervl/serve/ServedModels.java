package io.hiervl.serve;

import io.hiervl.HierVlException;
import io.hiervl.serve.http.Call;
import io.hiervl.serve.http.Refusal;
import io.hiervl.serve.http.Reply;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The models of a service by name; the first is taken where a request names none. */
final class ServedModels {
    private final List<ServedModel> models;

    ServedModels(List<ServedModel> models) {
        Set<String> names = new HashSet<>();
        for (ServedModel m : models) {
            if (!names.add(m.name())) {
                throw HierVlException.usage("two models are called '" + m.name() + "'; --model NAME=PATH gives another name");
            }
        }
        this.models = List.copyOf(models);
    }

    ServedModel first() {
        return models.get(0);
    }

    /** The model that a request asks for; 404 if there is none of that name. */
    ServedModel chosen(Call call) {
        String name = call.query("model", first().name());
        return models.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow(
            () -> new Refusal(404, "there is no model of that name; there are " + String.join(", ", models.stream().map(ServedModel::name)
                .toList())));
    }

    Reply one(Call call) {
        return Reply.json(chosen(call).describe());
    }
}
