// A batch run of the archetype plugin passes over the rules that the descriptor gives for its properties.
def rule(String what, String value, String pattern, String cure) {
    if (!(value ==~ pattern)) {
        throw new IllegalArgumentException("$what '$value' must match $pattern; remove the directory "
                + "${request.artifactId} and generate it again with $cure")
    }
}

String serializer = request.properties['serializer']
rule('Serializer name', serializer, '[a-z][a-z0-9-]{0,62}', 'a name like -Dserializer=my-store')
if (serializer in ['ddb', 'fs', 'jdbc', 'raft']) {
    throw new IllegalArgumentException("Serializer name '$serializer' is that of a serializer of Holdfast; remove the "
            + "directory ${request.artifactId} and generate it again with another, like -Dserializer=my-$serializer")
}
rule('Class name', request.properties['className'], '[A-Z][A-Za-z0-9]*', 'a name like -DclassName=MyStore')

// A jar cannot bring this file: the plugin that packs it leaves such names out.
File ignored = new File(request.outputDirectory, "${request.artifactId}/.gitignore")
if (!ignored.exists()) {
    ignored.text = 'target/\n'
}
