package dev.sampo.node.chaos;

import dev.sampo.cluster.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Something that befalls a cluster.
 *
 * @param roles whom: one node of each role named, at the same time; every node if empty
 * @param amount seconds of a freeze, cut or wait, nodes of a scaling; otherwise 0
 */
public record Fault(Kind kind, List<Role> roles, int amount) {
    /** What happens. */
    public enum Kind {
        /** SIGKILL; another node of that role starts a second later. */
        KILL,
        /** SIGTERM; another node of that role starts when it is gone. */
        DRAIN,
        /** SIGSTOP, and SIGCONT after so many seconds. */
        FREEZE,
        /** Nothing gets from a node of one role to one of the other for so many seconds, while both reach everyone else. */
        CUT,
        /** So many nodes of the role, by SIGTERM or starting new ones. */
        SCALE,
        /** Nothing for so many seconds. */
        WAIT
    }

    private static final List<Role> VICTIMS = List.of(Role.WORKER, Role.PS, Role.INGEST, Role.COORDINATOR);

    /**
     * Reads a plan such as {@code kill worker; kill ps coordinator; freeze worker 30; drain ps; scale worker 4; wait 5;
     * kill all}. {@link IllegalArgumentException} names what is wrong in it.
     */
    public static List<Fault> plan(String text) {
        List<Fault> faults = new ArrayList<>();
        for (String each : text.split("[;,\\n]")) {
            if (!each.isBlank()) {
                faults.add(parse(each.strip()));
            }
        }
        if (faults.isEmpty()) {
            throw new IllegalArgumentException("the plan is empty; one is: kill worker; drain ps; kill all");
        }
        return faults;
    }

    private static Fault parse(String text) {
        List<String> words = new ArrayList<>(List.of(text.split("\\s+")));
        Kind kind = kind(words.remove(0), text);
        int amount = 0;
        if (kind != Kind.KILL && kind != Kind.DRAIN) {
            String last = words.isEmpty() ? "" : words.remove(words.size() - 1);
            if (!last.matches("\\d{1,4}s?")) {
                throw new IllegalArgumentException("plan \"" + text + "\": must end with "
                        + (kind == Kind.SCALE ? "a number of nodes" : "seconds"));
            }
            amount = Integer.parseInt(last.replace("s", ""));
        }
        List<Role> roles = words.equals(List.of("all"))
                ? List.of()
                : words.stream().map(Role::of).toList();
        boolean everyone = words.equals(List.of("all")) && kind == Kind.KILL || kind == Kind.WAIT;
        if (roles.isEmpty() != everyone || kind == Kind.SCALE && roles.size() != 1) {
            throw new IllegalArgumentException(
                    "plan \"" + text + "\": whom? name roles, such as: " + text.split("\\s+")[0] + " worker");
        }
        if (kind == Kind.CUT && roles.size() != 2) {
            throw new IllegalArgumentException("plan \"" + text + "\": a link has two ends, such as: cut worker ps 10");
        }
        if (kind == Kind.SCALE && amount < 1) {
            throw new IllegalArgumentException("plan \"" + text + "\": at least one node must stay");
        }
        return new Fault(kind, roles, amount);
    }

    private static Kind kind(String word, String text) {
        return Arrays.stream(Kind.values())
                .filter(kind -> kind.name().equalsIgnoreCase(word))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("plan \"" + text + "\": \"" + word + "\" is none of "
                        + Arrays.stream(Kind.values())
                                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }

    /** So many faults by chance; the same seed gives the same. */
    public static List<Fault> random(int count, long seed) {
        Random random = new Random(seed);
        List<Fault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Role role = VICTIMS.get(random.nextInt(VICTIMS.size()));
            faults.add(
                    switch (random.nextInt(10)) {
                        case 0 -> new Fault(Kind.KILL, List.of(Role.COORDINATOR, Role.PS), 0);
                        case 1 -> new Fault(Kind.KILL, List.of(Role.WORKER, Role.WORKER), 0);
                        case 2 -> new Fault(Kind.DRAIN, List.of(random.nextBoolean() ? Role.PS : Role.WORKER), 0);
                        case 3 -> new Fault(Kind.FREEZE, List.of(Role.WORKER), 1 + random.nextInt(20));
                        case 4 -> new Fault(Kind.SCALE, List.of(Role.WORKER), 1 + random.nextInt(3));
                        case 5 -> new Fault(Kind.SCALE, List.of(Role.PS), 2 + random.nextInt(2));
                        case 6 -> new Fault(Kind.KILL, List.of(), 0);
                        default -> new Fault(Kind.KILL, List.of(role), 0);
                    });
        }
        return faults;
    }

    /** As it stands in a plan. */
    @Override
    public String toString() {
        String whom = roles.isEmpty()
                ? kind == Kind.KILL ? " all" : ""
                : " " + roles.stream().map(Role::text).collect(Collectors.joining(" "));
        return kind.name().toLowerCase(Locale.ROOT) + whom + (amount > 0 ? " " + amount : "");
    }
}
