package dev.sampo.deploy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** Reads manifests into fabric8's types, which are generated from Kubernetes' own schemas, and refuses what these lack. */
final class StrictManifests {
    private static final ObjectMapper YAML = mapper();
    private static final Map<String, Class<? extends HasMetadata>> KINDS = kinds();

    private StrictManifests() {}

    /** The objects of a stream of YAML documents; {@link IOException} names the place of an unknown or repeated field. */
    static List<HasMetadata> read(String yaml) throws IOException {
        List<HasMetadata> objects = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(yaml)) {
            while (documents.hasNext()) {
                JsonNode document = documents.next();
                String kind = document.path("apiVersion").asText() + " "
                        + document.path("kind").asText();
                Class<? extends HasMetadata> type = KINDS.get(kind);
                if (type == null) {
                    throw new IOException("no such kind: " + kind);
                }
                objects.add(YAML.treeToValue(document, type));
            }
        }
        return objects;
    }

    /** The types keep unknown fields in a map, by a setter for anything; without it Jackson refuses them. */
    private static ObjectMapper mapper() {
        YAMLMapper mapper = new YAMLMapper();
        mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
        mapper.enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        mapper.setAnnotationIntrospector(new JacksonAnnotationIntrospector() {
            private static final long serialVersionUID = 1;

            @Override
            public Boolean hasAnySetter(Annotated annotated) {
                return false;
            }
        });
        return mapper;
    }

    private static Map<String, Class<? extends HasMetadata>> kinds() {
        Map<String, Class<? extends HasMetadata>> kinds = new HashMap<>();
        for (KubernetesResource each : ServiceLoader.load(KubernetesResource.class)) {
            if (each instanceof HasMetadata object) {
                kinds.put(object.getApiVersion() + " " + object.getKind(), object.getClass());
            }
        }
        return kinds;
    }
}
