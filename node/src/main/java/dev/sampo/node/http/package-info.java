/** What a node answers over HTTP. */
@NullMarked
package dev.sampo.node.http;

import org.jspecify.annotations.NullMarked;
