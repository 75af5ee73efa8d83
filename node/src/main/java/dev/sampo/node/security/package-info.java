/** Who may talk to a node: TLS, the bearer token of the HTTP API, and the refusal to be open without being told so. */
@NullMarked
package dev.sampo.node.security;

import org.jspecify.annotations.NullMarked;
