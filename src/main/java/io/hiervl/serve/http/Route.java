package io.hiervl.serve.http;

/**
 * Which endpoint answers what.
 *
 * @param method GET or POST; GET answers HEAD too
 * @param path   exact path
 * @param kind   who may ask and whether the request waits in the queue
 */
public record Route(String method, String path, Kind kind, Endpoint endpoint) {
    /** OPEN needs no token; LIGHT needs the token; WORK waits in the queue too. */
    public enum Kind { OPEN, LIGHT, WORK }

    /** A GET that everybody may ask, such as the health of the service. */
    public static Route open(String path, Endpoint endpoint) {
        return new Route("GET", path, Kind.OPEN, endpoint);
    }

    /** A GET that costs nearly nothing. */
    public static Route get(String path, Endpoint endpoint) {
        return new Route("GET", path, Kind.LIGHT, endpoint);
    }

    /** A POST that costs nearly nothing. */
    public static Route post(String path, Endpoint endpoint) {
        return new Route("POST", path, Kind.LIGHT, endpoint);
    }

    /** A POST that waits in the queue. */
    public static Route work(String path, Endpoint endpoint) {
        return new Route("POST", path, Kind.WORK, endpoint);
    }
}
