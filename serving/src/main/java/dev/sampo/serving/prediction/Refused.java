package dev.sampo.serving.prediction;

/**
 * A request that is not answered, and why.
 *
 * @param reason for the user: the place, what is wrong, what to do
 */
public record Refused(Kind kind, String reason) implements PredictReply, DescribeReply, ListReply {
    /** What went wrong, and so whether to try again. */
    public enum Kind {
        /** No such model or version. */
        NOT_FOUND(404),
        /** The rows can't be used; the same request fails again. */
        BAD_REQUEST(400),
        /** The queue is full; try again later. */
        BUSY(503),
        /** Nobody is there to answer, or the version can't be loaded. */
        UNAVAILABLE(503),
        /** A fault of the model or of Sampo. */
        FAILED(500);

        private final int status;

        Kind(int status) {
            this.status = status;
        }

        /** The HTTP status of such a refusal. */
        public int status() {
            return status;
        }
    }
}
