/**
 * JMH micro-benchmarks of the parts that a step, a row or a request spends its time in. Run them with {@code bench/jmh}.
 *
 * <p>Not {@code @NullMarked}: JMH makes the states and fills their fields in by itself, before it calls any method.
 */
package dev.sampo.bench.micro;
