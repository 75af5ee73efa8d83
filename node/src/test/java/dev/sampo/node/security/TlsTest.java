package dev.sampo.node.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sampo.cluster.tls.TlsFiles;
import dev.sampo.node.Sampo;
import dev.sampo.node.TestCluster;
import dev.sampo.node.chaos.NodeProcess;
import dev.sampo.node.client.Credentials;
import dev.sampo.node.client.JobClient;
import dev.sampo.node.kubernetes.Certificates;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Node processes that speak TLS: a stranger gets in by neither door, and certificates are rotated under a job. */
@Tag("slow")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TlsTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    private static Path home;

    private static Certificates authority;
    private static Path tls;
    private static Path strange;
    private static Path token;
    private static Path config;
    private static NodeProcess first;
    private static NodeProcess newcomer;
    private static final List<NodeProcess> NODES = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        authority = new Certificates("mill");
        tls = home.resolve("tls");
        authority.issue(tls, DAY);
        strange = home.resolve("strange");
        new Certificates("stranger").issue(strange, DAY);
        token = Files.writeString(home.resolve("token"), "let-me-in\n");
        // A rotation is seen at once.
        config = Files.writeString(home.resolve("sampo.conf"), """
                pekko.remote.artery.ssl.rotating-keys-engine.ssl-context-cache-ttl = 100ms
                """);
        first = node(
                "first",
                "coordinator,ps,ingest",
                tls,
                "--http-port",
                "0",
                "--http-tls-dir",
                tls.toString(),
                "--token-file",
                token.toString());
        first.awaitUp();
        node("worker", "worker", tls, "--seeds", first.address()).awaitUp();
    }

    private static NodeProcess node(String name, String roles, Path tlsDir, String... more) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                "--roles", roles, "--port", "0", "--tls-dir", tlsDir.toString(), "--config", config.toString()));
        arguments.addAll(List.of(more));
        NodeProcess node = NodeProcess.start(home, name, arguments.toArray(String[]::new));
        NODES.add(node);
        return node;
    }

    @AfterAll
    static void stop() {
        NODES.forEach(NodeProcess::close);
    }

    @Test
    @Order(1)
    void aStrangersNodeCannotJoin() throws Exception {
        Path hasty = Files.writeString(home.resolve("hasty.conf"), "sampo.formation.patience = 10s");
        NodeProcess stranger = NodeProcess.start(
                home,
                "stranger",
                Map.of("SAMPO_CONFIG", hasty.toString(), "SAMPO_TLS_DIR", strange.toString()),
                "--roles",
                "worker",
                "--port",
                "0",
                "--seeds",
                first.address());
        NODES.add(stranger);
        long end = System.nanoTime() + Duration.ofSeconds(180).toNanos();
        while (stranger.isAlive()) {
            assertThat(System.nanoTime()).as(stranger.log()).isLessThan(end);
            Thread.sleep(100);
        }
        assertThat(stranger.exitCode()).isEqualTo(3);
        assertThat(stranger.log())
                .contains("did not join the cluster within 10 s; " + first.address() + ": TLS fails (")
                .contains("is the certificate of " + strange + " of the nodes' CA");
        assertThat(Sampo.run("nodes", "--cluster", first.address(), "--tls-dir", tls.toString(), "--json")
                        .json()
                        .path("nodes"))
                .hasSize(2);
    }

    @Test
    @Order(2)
    void aStrangersClientIsRefusedAndToldWhy() {
        Sampo.Ran plain = Sampo.run("nodes", "--cluster", first.address());
        assertThat(plain.code()).isEqualTo(3);
        assertThat(plain.err()).contains("it speaks TLS; give --tls-dir");
        Sampo.Ran other = Sampo.run("nodes", "--cluster", first.address(), "--tls-dir", strange.toString());
        assertThat(other.code()).isEqualTo(3);
        assertThat(other.err())
                .contains("TLS fails")
                .contains("is the certificate of " + strange + " of the nodes' CA");
        String https = first.http();
        assertThat(https).startsWith("https://");
        Sampo.Ran unbelieving = Sampo.run("nodes", "--cluster", https, "--token-file", token.toString());
        assertThat(unbelieving.code()).isEqualTo(3);
        assertThat(unbelieving.err())
                .contains("its certificate is not believed")
                .contains("--ca");
        String ca = tls.resolve("ca.crt").toString();
        Sampo.Ran nameless = Sampo.run("nodes", "--cluster", https, "--ca", ca);
        assertThat(nameless.code()).isEqualTo(2);
        assertThat(nameless.err()).contains("a bearer token is needed");
        Sampo.Ran known = Sampo.run("nodes", "--cluster", https, "--ca", ca, "--token-file", token.toString());
        assertThat(known.code()).as(known.err()).isZero();
    }

    @Test
    @Order(3)
    void aRotationDuringAJobCostsNoStep() throws Exception {
        ObjectNode job = TestCluster.spec("mill", TestCluster.rows(home));
        job.withObject("/training").put("epochs", 300);
        String alone;
        try (TestCluster cluster = TestCluster.of(Files.createDirectories(home.resolve("alone")), 1);
                JobClient client = cluster.client()) {
            alone = TestCluster.sha(TestCluster.train(client, job));
        }
        try (JobClient client =
                JobClient.to(first.address(), new Credentials(tls, null, null), Duration.ofSeconds(60))) {
            String id = TestCluster.submit(client, job);
            TestCluster.await(client, id, Set.of("training"));
            BigInteger serial = authority.issue(tls, DAY);
            // New connections, of nodes old and new, are made with the new certificate.
            newcomer = node("newcomer", "worker", tls, "--seeds", first.address());
            newcomer.awaitUp();
            awaitServed(serial);
            JsonNode view = TestCluster.status(client, id);
            assertThat(view.path("state").asText()).as(view.toString()).isIn("training", "evaluating");
            view = TestCluster.await(client, id);
            assertThat(TestCluster.sha(view)).isEqualTo(alone);
            assertThat(view.path("recoveries").asInt()).isZero();
            assertThat(view.path("workers").asInt())
                    .as("the newcomer worked too")
                    .isEqualTo(2);
        }
    }

    /** Both ports show the certificate of that number. */
    private static void awaitServed(BigInteger serial) throws Exception {
        int https = Integer.parseInt(first.http().replaceAll(".*:", ""));
        int artery = Integer.parseInt(first.address().replaceAll(".*:", ""));
        for (int port : List.of(artery, https)) {
            long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (!served(port).equals(serial)) {
                assertThat(System.nanoTime()).as("port " + port).isLessThan(end);
                Thread.sleep(100);
            }
        }
    }

    private static BigInteger served(int port) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) new TlsFiles(tls).context().getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.startHandshake();
            return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
        }
    }

    @Test
    @Order(4)
    void aNodeThatDiesIsNoticedThroughTls() throws Exception {
        newcomer.kill();
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!first.log().contains("is gone: its process closed the connection")) {
            assertThat(System.nanoTime()).as(first.log()).isLessThan(end);
            Thread.sleep(50);
        }
    }

    @Test
    @Order(5)
    void theTokenIsReadAgainWhenItChanges() throws Exception {
        Path other = Files.writeString(home.resolve("other"), "let-us-in");
        String[] command = {
            "nodes",
            "--cluster",
            first.http(),
            "--ca",
            tls.resolve("ca.crt").toString(),
            "--token-file",
            other.toString()
        };
        assertThat(Sampo.run(command).code()).isEqualTo(2);
        Files.copy(other, token, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (Sampo.run(command).code() != 0) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(100);
        }
    }
}
