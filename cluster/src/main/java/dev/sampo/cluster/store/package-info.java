/** The store: blobs in a folder that every node shares. */
@NullMarked
package dev.sampo.cluster.store;

import org.jspecify.annotations.NullMarked;
