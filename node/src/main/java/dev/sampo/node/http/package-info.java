/** The HTTP control API. */
@NullMarked
package dev.sampo.node.http;

import org.jspecify.annotations.NullMarked;
