package io.hiervl.serve.http;

/** Answers one kind of request. Called by several threads at once. */
@FunctionalInterface
public interface Endpoint {
    /**
     * Answers a request.
     *
     * @throws Refusal an error with its status
     * @throws io.hiervl.HierVlException data and usage errors become status 400, all others 500
     */
    Reply answer(Call call);
}
