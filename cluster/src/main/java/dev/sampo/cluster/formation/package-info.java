/** How nodes become one cluster: by seeds, or as pods that find each other through the Kubernetes API. */
@NullMarked
package dev.sampo.cluster.formation;

import org.jspecify.annotations.NullMarked;
