/** Tests of the image's files and of the Kubernetes manifests as they are rendered. */
@NullMarked
package dev.sampo.deploy;

import org.jspecify.annotations.NullMarked;
