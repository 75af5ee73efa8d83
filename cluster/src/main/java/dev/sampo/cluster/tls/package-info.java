/** Certificates and keys in files, as cert-manager writes them. */
@NullMarked
package dev.sampo.cluster.tls;

import org.jspecify.annotations.NullMarked;
