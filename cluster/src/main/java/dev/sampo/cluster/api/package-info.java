/** The one request/response form behind both doors of a cluster, ClusterClient and HTTP. */
@NullMarked
package dev.sampo.cluster.api;

import org.jspecify.annotations.NullMarked;
