/** The HTTP server of a node's API, and the form of request and answer that its handlers see. */
@NullMarked
package dev.sampo.cluster.http;

import org.jspecify.annotations.NullMarked;
