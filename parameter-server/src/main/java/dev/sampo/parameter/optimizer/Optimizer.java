package dev.sampo.parameter.optimizer;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * An update rule, applied to a range of parameters at a time. Plain float loops in index order, so the bits do not depend on
 * the machine; stateless, since the state arrays are the caller's. Immutable.
 *
 * <ul>
 *   <li>sgd: w -= a g
 *   <li>momentum (0.9): v = m v + g; w -= a v (Polyak, 1964)
 *   <li>nesterov (0.9): v = m v + g; w -= a (g + m v) (Sutskever et al., "On the importance of initialization and momentum",
 *       2013, in the form of a gradient at the current point)
 *   <li>adagrad (epsilon 1e-8): n += g^2; w -= a g / (sqrt n + epsilon) (Duchi et al., 2011)
 *   <li>rmsprop (rho 0.9, epsilon 1e-8): n = r n + (1 - r) g^2; w -= a g / (sqrt n + epsilon) (Tieleman, Hinton, 2012)
 *   <li>adam (0.9, 0.999, 1e-8): Kingma and Ba, 2015, Algorithm 1
 *   <li>adamw (weightDecay 0.01): Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, Algorithm 2
 *   <li>ftrl (l1 0, l2 0, beta 1): McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013, Algorithm 1
 * </ul>
 *
 * <p>Moments are rounded to multiples of 2^-103 (2^-104 below zero), so those of 2^-55 and more are exact; see {@link #GRAIN}.
 */
public final class Optimizer {
    /**
     * Added to a moment and taken away again, it rounds the moment to a multiple of its last place. Where the gradient stays zero, as
     * behind a dead unit, a moment would otherwise decay to four units of the smallest float and stay there, since 0.9 of
     * that is rounded up again; many processors take ten times as long for subnormal numbers. What stays now is 2^-101 at most: times
     * any learning rate above 2^-25 still a normal float, and nothing beside the smallest useful epsilon.
     */
    private static final float GRAIN = 0x1p-80f;

    private final OptimizerSpec spec;
    private final float momentum;
    private final float beta1;
    private final float beta2;
    private final float rho;
    private final float epsilon;
    private final float decay;
    private final float ftrlL1;
    private final float ftrlL2;
    private final float ftrlBeta;

    private Optimizer(OptimizerSpec spec) {
        this.spec = spec;
        momentum = or(spec.momentum(), 0.9);
        beta1 = or(spec.beta1(), 0.9);
        beta2 = or(spec.beta2(), 0.999);
        rho = or(spec.rho(), 0.9);
        epsilon = or(spec.epsilon(), 1e-8);
        decay = or(spec.weightDecay(), 0.01);
        ftrlL1 = or(spec.l1(), 0);
        ftrlL2 = or(spec.l2(), 0);
        ftrlBeta = or(spec.beta(), 1);
    }

    private static float or(@Nullable Double value, double otherwise) {
        return (float) (value == null ? otherwise : value);
    }

    public static Optimizer of(OptimizerSpec spec) {
        return new Optimizer(spec);
    }

    /** State arrays a parameter needs. */
    public int slots() {
        return switch (spec.type()) {
            case "sgd" -> 0;
            case "momentum", "nesterov", "adagrad", "rmsprop" -> 1;
            case "adam", "adamw", "ftrl" -> 2;
            default -> throw new IllegalArgumentException("unknown optimizer \"" + spec.type() + "\"");
        };
    }

    /**
     * The state [slots][values.length] that training begins with. Zero, but for ftrl's z: its closed form must give the
     * initial weight back, or the first step would throw away what a multi-layer perceptron starts from.
     *
     * @param values initial values
     * @param rate learning rate of the first step
     * @param regularized whether the penalties apply to value i
     */
    public float[][] initialState(float[] values, float rate, IntPredicate regularized) {
        float[][] state = new float[slots()][values.length];
        if (spec.type().equals("ftrl")) {
            for (int i = 0; i < values.length; i++) {
                float lambda1 = regularized.test(i) ? ftrlL1 : 0;
                float lambda2 = regularized.test(i) ? ftrlL2 : 0;
                state[0][i] = -values[i] * (ftrlBeta / rate + lambda2) - Math.signum(values[i]) * lambda1;
            }
        }
        return state;
    }

    /** The learning rate before the schedule. */
    public double learningRate() {
        return spec.rate();
    }

    /**
     * target[i] = the update of source[i], for i in [from, to); the state is changed in place.
     *
     * @param source values before [at least to]
     * @param target values after; may be {@code source}
     * @param gradient mean gradient [at least to]; with penalties they are added to it
     * @param state [slots][at least to]
     * @param rate learning rate of this step
     * @param step the step's number, from 1
     * @param regularized whether the penalties apply to this range
     */
    public void apply(
            float[] source,
            float[] target,
            float[] gradient,
            float[][] state,
            int from,
            int to,
            float rate,
            long step,
            boolean regularized,
            float l1,
            float l2) {
        if (regularized && l1 != 0) {
            for (int i = from; i < to; i++) {
                gradient[i] += l2 * source[i] + l1 * Math.signum(source[i]);
            }
        } else if (regularized && l2 != 0) {
            for (int i = from; i < to; i++) {
                gradient[i] += l2 * source[i];
            }
        }
        switch (spec.type()) {
            case "sgd" -> sgd(source, target, gradient, from, to, rate);
            case "momentum" -> momentum(source, target, gradient, state[0], from, to, rate);
            case "nesterov" -> nesterov(source, target, gradient, state[0], from, to, rate);
            case "adagrad" -> adagrad(source, target, gradient, state[0], from, to, rate);
            case "rmsprop" -> rmsprop(source, target, gradient, state[0], from, to, rate);
            case "adam" -> adam(source, target, gradient, state, from, to, rate, step, 0);
            case "adamw" -> adam(source, target, gradient, state, from, to, rate, step, regularized ? decay : 0);
            case "ftrl" -> ftrl(source, target, gradient, state, from, to, rate, regularized);
            default -> throw new IllegalArgumentException("unknown optimizer \"" + spec.type() + "\"");
        }
    }

    private static void sgd(float[] w, float[] out, float[] g, int from, int to, float rate) {
        for (int i = from; i < to; i++) {
            out[i] = w[i] - rate * g[i];
        }
    }

    private void momentum(float[] w, float[] out, float[] g, float[] v, int from, int to, float rate) {
        for (int i = from; i < to; i++) {
            v[i] = momentum * v[i] + g[i] + GRAIN - GRAIN;
            out[i] = w[i] - rate * v[i];
        }
    }

    private void nesterov(float[] w, float[] out, float[] g, float[] v, int from, int to, float rate) {
        for (int i = from; i < to; i++) {
            float gradient = g[i];
            v[i] = momentum * v[i] + gradient + GRAIN - GRAIN;
            out[i] = w[i] - rate * (gradient + momentum * v[i]);
        }
    }

    private void adagrad(float[] w, float[] out, float[] g, float[] n, int from, int to, float rate) {
        for (int i = from; i < to; i++) {
            float gradient = g[i];
            n[i] += gradient * gradient;
            out[i] = w[i] - rate * gradient / ((float) Math.sqrt(n[i]) + epsilon);
        }
    }

    private void rmsprop(float[] w, float[] out, float[] g, float[] n, int from, int to, float rate) {
        for (int i = from; i < to; i++) {
            float gradient = g[i];
            n[i] = rho * n[i] + (1 - rho) * gradient * gradient + GRAIN - GRAIN;
            out[i] = w[i] - rate * gradient / ((float) Math.sqrt(n[i]) + epsilon);
        }
    }

    private void adam(
            float[] w,
            float[] out,
            float[] g,
            float[][] state,
            int from,
            int to,
            float rate,
            long step,
            float weightDecay) {
        float[] m = state[0];
        float[] v = state[1];
        // The bias corrections of Algorithm 1, folded into two scalars.
        float first = (float) (1 / (1 - power(beta1, step)));
        float second = (float) (1 / (1 - power(beta2, step)));
        float keep = 1 - rate * weightDecay;
        for (int i = from; i < to; i++) {
            float gradient = g[i];
            m[i] = beta1 * m[i] + (1 - beta1) * gradient + GRAIN - GRAIN;
            v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient + GRAIN - GRAIN;
            out[i] = w[i] * keep - rate * (m[i] * first) / ((float) Math.sqrt(v[i] * second) + epsilon);
        }
    }

    /** State z, n; without the penalties (biases) it is Adagrad in FTRL's form. */
    private void ftrl(
            float[] w, float[] out, float[] g, float[][] state, int from, int to, float rate, boolean regularized) {
        float[] z = state[0];
        float[] n = state[1];
        float lambda1 = regularized ? ftrlL1 : 0;
        float lambda2 = regularized ? ftrlL2 : 0;
        for (int i = from; i < to; i++) {
            float gradient = g[i];
            float grown = n[i] + gradient * gradient;
            float sigma = ((float) Math.sqrt(grown) - (float) Math.sqrt(n[i])) / rate;
            z[i] += gradient - sigma * w[i];
            n[i] = grown;
            out[i] = Math.abs(z[i]) <= lambda1
                    ? 0f
                    : -(z[i] - Math.signum(z[i]) * lambda1) / ((ftrlBeta + (float) Math.sqrt(grown)) / rate + lambda2);
        }
    }

    /** base^exponent by squaring, relative error below exponent * 2^-53; {@code StrictMath.pow} leaves arrays on the heap. */
    static double power(double base, long exponent) {
        double result = 1;
        double square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            if ((left & 1) == 1) {
                result *= square;
            }
            square *= square;
        }
        return result;
    }
}
