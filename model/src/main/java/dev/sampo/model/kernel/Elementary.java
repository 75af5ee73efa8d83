package dev.sampo.model.kernel;

/**
 * exp and its relatives in plain IEEE arithmetic, so the bits are the same on every machine ({@code Math.exp} is an intrinsic
 * that differs by architecture). Relative error below 1e-14.
 */
public final class Elementary {
    private static final double LOG2_E = 1.4426950408889634;
    private static final double LN2_HIGH = 0.6931471803691238;
    private static final double LN2_LOW = 1.9082149292705877e-10;

    private Elementary() {}

    /** e^x; 0 below -708 and infinite above 709. */
    public static double exp(double x) {
        if (!(x > -708)) {
            return Double.isNaN(x) ? x : 0;
        }
        if (x > 709) {
            return Double.POSITIVE_INFINITY;
        }
        double k = Math.rint(x * LOG2_E);
        double r = x - k * LN2_HIGH - k * LN2_LOW;
        // Taylor to the 13th power on |r| <= ln 2 / 2.
        double sum = 1.0 / 6227020800.0;
        sum = sum * r + 1.0 / 479001600.0;
        sum = sum * r + 1.0 / 39916800.0;
        sum = sum * r + 1.0 / 3628800.0;
        sum = sum * r + 1.0 / 362880.0;
        sum = sum * r + 1.0 / 40320.0;
        sum = sum * r + 1.0 / 5040.0;
        sum = sum * r + 1.0 / 720.0;
        sum = sum * r + 1.0 / 120.0;
        sum = sum * r + 1.0 / 24.0;
        sum = sum * r + 1.0 / 6.0;
        sum = sum * r + 0.5;
        sum = sum * r + 1.0;
        sum = sum * r + 1.0;
        return sum * Double.longBitsToDouble((long) k + 1023 << 52);
    }

    /** 1 / (1 + e^-x). */
    public static double sigmoid(double x) {
        if (x >= 0) {
            return 1 / (1 + exp(-x));
        }
        double e = exp(x);
        return e / (1 + e);
    }

    /** The hyperbolic tangent. */
    public static double tanh(double x) {
        if (Math.abs(x) < 0.1) {
            // Taylor to the 13th power: the difference below would lose the digits of a small x.
            double s = x * x;
            double sum = 21844.0 / 6081075.0;
            sum = sum * s - 1382.0 / 155925.0;
            sum = sum * s + 62.0 / 2835.0;
            sum = sum * s - 17.0 / 315.0;
            sum = sum * s + 2.0 / 15.0;
            sum = sum * s - 1.0 / 3.0;
            return x + x * s * sum;
        }
        return 2 * sigmoid(2 * x) - 1;
    }

    /** log(1 + e^x) without overflow. */
    public static double softplus(double x) {
        return Math.max(x, 0) + StrictMath.log1p(exp(-Math.abs(x)));
    }
}
