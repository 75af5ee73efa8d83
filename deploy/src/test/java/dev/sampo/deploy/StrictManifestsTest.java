package dev.sampo.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The reader that the other tests rest on does refuse what a cluster would drop or reject. */
class StrictManifestsTest {
    private static final String POD = """
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec:
              terminationGracePeriodSeconds: 30
              containers:
                - name: a
                  livenessProbe: {httpGet: {path: /, port: 80}}
            """;

    @Test
    void readsAWholePod() throws IOException {
        assertThat(StrictManifests.read(POD)).hasSize(1);
    }

    @Test
    void refusesAMisspeltFieldAtAnyDepth() {
        assertThatThrownBy(() -> StrictManifests.read(POD.replace("Seconds", "Secondz")))
                .hasMessageContaining("terminationGracePeriodSecondz");
        assertThatThrownBy(() -> StrictManifests.read(POD.replace("path", "pad")))
                .hasMessageContaining("pad");
    }

    @Test
    void refusesARepeatedFieldAWrongTypeAndAnUnknownKind() {
        assertThatThrownBy(() -> StrictManifests.read(POD + "kind: Pod\n")).hasMessageContaining("kind");
        assertThatThrownBy(() -> StrictManifests.read(POD.replace("30", "long")))
                .hasMessageContaining("long");
        assertThatThrownBy(() -> StrictManifests.read(POD.replace("v1", "v9"))).hasMessageContaining("v9 Pod");
    }
}
