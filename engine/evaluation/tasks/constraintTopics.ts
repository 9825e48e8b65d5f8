/** Something to write about, with words that a text may be asked to use, and sentences that say something about it. */
export interface Topic {
  readonly name: string;
  readonly sentences: readonly string[];
}

/** Topics of training, validation and the benchmark in distribution. */
export const TOPICS: readonly Topic[] = [
  {
    name: "rivers",
    sentences: [
      "Rivers carry water to the sea.",
      "Many rivers begin as small streams in the hills.",
      "Rivers give water to fields and towns.",
    ],
  },
  {
    name: "bread",
    sentences: [
      "Bread is made of flour, water and salt.",
      "Yeast makes bread rise in a warm place.",
      "Bread is best when it is fresh.",
    ],
  },
  {
    name: "cats",
    sentences: [
      "Cats sleep for most of the day.",
      "Cats see well when there is little light.",
      "Many cats like to play with a string.",
    ],
  },
  {
    name: "the moon",
    sentences: [
      "The moon moves around the earth in a month.",
      "The moon has no light of its own.",
      "The moon pulls at the sea and makes the tides.",
    ],
  },
  {
    name: "books",
    sentences: [
      "Books tell stories and keep what people know.",
      "A library lends books to everybody.",
      "Good books are read more than once.",
    ],
  },
  {
    name: "trees",
    sentences: [
      "Trees give shade on hot days.",
      "The roots of trees hold the soil.",
      "Many trees lose their leaves in autumn.",
    ],
  },
  {
    name: "bicycles",
    sentences: [
      "Bicycles need no fuel and make little noise.",
      "Bicycles have two wheels and a chain.",
      "Many people ride bicycles to work.",
    ],
  },
  {
    name: "rain",
    sentences: [
      "Rain falls from clouds that are full of water.",
      "Rain fills the lakes and the wells.",
      "After the rain the air is clean.",
    ],
  },
  {
    name: "tea",
    sentences: [
      "Tea is made of leaves and hot water.",
      "Green tea should not be made with boiling water.",
      "People drink tea with milk or with lemon.",
    ],
  },
  {
    name: "music",
    sentences: [
      "Music can change how people feel.",
      "Children learn music by singing.",
      "Every country has music of its own.",
    ],
  },
  {
    name: "bees",
    sentences: [
      "Bees make honey from flowers.",
      "Bees live together in a hive.",
      "Without bees there would be less fruit.",
    ],
  },
  {
    name: "gardens",
    sentences: [
      "Gardens need sun, water and some work.",
      "Many gardens have flowers and a bench.",
      "Birds come to gardens for seeds.",
    ],
  },
  {
    name: "trains",
    sentences: [
      "Trains carry many people at once.",
      "Trains run on rails of steel.",
      "Night trains have beds for the journey.",
    ],
  },
  {
    name: "winter",
    sentences: ["Winter days are short and cold.", "In winter the lakes may freeze.", "Some animals sleep all winter."],
  },
  {
    name: "dogs",
    sentences: [
      "Dogs need a walk every day.",
      "Dogs can hear sounds that people cannot hear.",
      "Some dogs guard sheep on a farm.",
    ],
  },
  {
    name: "the sun",
    sentences: [
      "The sun gives light and heat.",
      "The sun is a star that is near to us.",
      "Plants grow towards the sun.",
    ],
  },
];

/** Topics of the benchmark out of distribution: nothing else has them. */
export const OTHER_TOPICS: readonly Topic[] = [
  {
    name: "bridges",
    sentences: [
      "Bridges take roads across the water.",
      "Old bridges are made of stone.",
      "Long bridges hang from strong cables.",
    ],
  },
  {
    name: "clocks",
    sentences: [
      "Clocks show the hours and the minutes.",
      "Some clocks are moved by a weight.",
      "Clocks on towers can be seen from far away.",
    ],
  },
  {
    name: "snow",
    sentences: [
      "Snow is made of small crystals of ice.",
      "Children build houses of snow.",
      "Snow makes the streets quiet.",
    ],
  },
  {
    name: "horses",
    sentences: [
      "Horses can sleep while they stand.",
      "Horses eat grass and hay.",
      "Farmers worked with horses for a long time.",
    ],
  },
  {
    name: "cheese",
    sentences: [
      "Cheese is made of milk and salt.",
      "Some cheese must rest for a year.",
      "Soft cheese is good with bread.",
    ],
  },
  {
    name: "islands",
    sentences: [
      "Islands have water on all sides.",
      "Some islands are the tops of mountains.",
      "Birds rest on islands on their way.",
    ],
  },
  {
    name: "candles",
    sentences: [
      "Candles are made of wax and a wick.",
      "Candles give a warm and quiet light.",
      "Never leave burning candles alone.",
    ],
  },
  {
    name: "markets",
    sentences: [
      "Markets sell fruit, fish and flowers.",
      "Most markets open early in the morning.",
      "People meet their friends at markets.",
    ],
  },
];
