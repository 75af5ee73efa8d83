/** The threads that compute. */
@NullMarked
package dev.sampo.cluster.dispatch;

import org.jspecify.annotations.NullMarked;
