// SPDX-FileCopyrightText: The dag authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <dag/text/detail/scan.hpp>

/// The words that announce an answer, in the main languages. ASCII letters in lower case (they
/// match either case); other letters are listed in both cases where a sentence may begin with them.
namespace dag::detail {

/// How sure a noun is to announce the answer of the text.
enum class Announce {
  answer,    ///< "answer": whatever stands before it
  chosen,    ///< "option", "choice": as sure as `answer` after "correct" and the like, else weak
  weak,      ///< "result": only where nothing surer is found
  directly,  ///< the answer follows at once: 故选C
  mark       ///< <answer>
};

struct AnnouncingNoun {
  std::string_view word;
  Announce how;
};

inline constexpr std::array nouns{
    // English
    AnnouncingNoun{"answers", Announce::answer}, AnnouncingNoun{"answer", Announce::answer},
    AnnouncingNoun{"options", Announce::chosen}, AnnouncingNoun{"option", Announce::chosen},
    AnnouncingNoun{"choices", Announce::chosen}, AnnouncingNoun{"choice", Announce::chosen},
    AnnouncingNoun{"result", Announce::weak}, AnnouncingNoun{"solution", Announce::weak},
    AnnouncingNoun{"<answer>", Announce::mark},
    // Spanish, Portuguese, Italian, French
    AnnouncingNoun{"respuestas", Announce::answer}, AnnouncingNoun{"respuesta", Announce::answer},
    AnnouncingNoun{"opción", Announce::chosen}, AnnouncingNoun{"opcion", Announce::chosen},
    AnnouncingNoun{"resultado", Announce::weak}, AnnouncingNoun{"solución", Announce::weak},
    AnnouncingNoun{"respostas", Announce::answer}, AnnouncingNoun{"resposta", Announce::answer},
    AnnouncingNoun{"alternativa", Announce::chosen}, AnnouncingNoun{"opção", Announce::chosen},
    AnnouncingNoun{"risposte", Announce::answer}, AnnouncingNoun{"risposta", Announce::answer},
    AnnouncingNoun{"opzione", Announce::chosen}, AnnouncingNoun{"risultato", Announce::weak},
    AnnouncingNoun{"soluzione", Announce::weak}, AnnouncingNoun{"réponses", Announce::answer},
    AnnouncingNoun{"réponse", Announce::answer}, AnnouncingNoun{"RÉPONSE", Announce::answer},
    AnnouncingNoun{"reponse", Announce::answer}, AnnouncingNoun{"résultat", Announce::weak},
    // German, Dutch, Swedish, Danish, Norwegian, Polish, Czech, Romanian
    AnnouncingNoun{"antworten", Announce::answer}, AnnouncingNoun{"antwort", Announce::answer},
    AnnouncingNoun{"antwoord", Announce::answer}, AnnouncingNoun{"ergebnis", Announce::weak},
    AnnouncingNoun{"lösung", Announce::weak}, AnnouncingNoun{"svaret", Announce::answer},
    AnnouncingNoun{"svar", Announce::answer}, AnnouncingNoun{"odpowiedź", Announce::answer},
    AnnouncingNoun{"odpověď", Announce::answer}, AnnouncingNoun{"răspunsul", Announce::answer},
    // Russian, Ukrainian
    AnnouncingNoun{"Ответ", Announce::answer}, AnnouncingNoun{"ответ", Announce::answer},
    AnnouncingNoun{"ОТВЕТ", Announce::answer}, AnnouncingNoun{"вариант", Announce::chosen},
    AnnouncingNoun{"результат", Announce::weak}, AnnouncingNoun{"Відповідь", Announce::answer},
    AnnouncingNoun{"відповідь", Announce::answer},
    // Chinese: simplified, traditional
    AnnouncingNoun{"答案", Announce::answer}, AnnouncingNoun{"选项", Announce::chosen},
    AnnouncingNoun{"選項", Announce::chosen}, AnnouncingNoun{"结果", Announce::weak},
    AnnouncingNoun{"故选", Announce::directly}, AnnouncingNoun{"应选", Announce::directly},
    // Japanese
    AnnouncingNoun{"答え", Announce::answer}, AnnouncingNoun{"答案", Announce::answer},
    AnnouncingNoun{"解答", Announce::answer}, AnnouncingNoun{"正解", Announce::answer},
    AnnouncingNoun{"回答", Announce::answer},
    // Korean
    AnnouncingNoun{"정답", Announce::answer}, AnnouncingNoun{"답", Announce::answer},
    // Arabic, Hindi, Vietnamese, Indonesian, Turkish
    AnnouncingNoun{"الإجابة", Announce::answer}, AnnouncingNoun{"الجواب", Announce::answer},
    AnnouncingNoun{"उत्तर", Announce::answer}, AnnouncingNoun{"đáp án", Announce::answer},
    AnnouncingNoun{"Đáp án", Announce::answer}, AnnouncingNoun{"jawabannya", Announce::answer},
    AnnouncingNoun{"jawaban", Announce::answer}, AnnouncingNoun{"cevap", Announce::answer},
    AnnouncingNoun{"yanıt", Announce::answer}};

/// What joins a noun and its answer. Longer words first where one begins with another.
inline constexpr std::array<std::string_view, 62> verbs{
    "is",    "are",    "was",     "were", "be",      "equals", "becomes",          // English
    "es",    "son",    "sería",   "sera", "será",    "fue",                        // Spanish
    "est",   "sont",   "serait",  "vaut",                                          // French
    "ist",   "sind",   "lautet",  "wäre", "beträgt",                               // German
    "é",     "são",    "seria",                                                    // Portuguese
    "è",     "sono",   "sarebbe",                                                  // Italian
    "luidt", "är",     "er",      "to",   "brzmi",   "jest",   "je",      "este",  // others
    "будет",                                                                       // Russian
    "равен", "это",    "—",       "–",    "应该是",  "应该为",                     // Chinese
    "应为",  "应是",   "就是",    "是",   "为",      "為",     "选",      "選",
    "は",               // Japanese
    "은",    "는",      // Korean
    "هو",    "هي",      // Arabic
    "है",                // Hindi
    "là",    "adalah",  // and others
    "=",     "：",     ":"};

/// Words that may stand between a noun and its verb: "the answer to the question is", "la respuesta
/// correcta es", "the answer would be".
inline constexpr std::array<std::string_view, 58> words_between{
    "to",       "for",        "of",      "in",       "on",       "here",    "then",    "therefore",
    "thus",     "hence",      "must",    "should",   "would",    "will",    "could",   "can",
    "might",    "may",        "key",     "choice",   "option",   "letter",  "number",  "final",
    "finale",   "finalmente", "correct", "correcta", "correcto", "correta", "correto", "corretta",
    "correcte", "exacte",     "exacta",  "richtige", "deve",     "debe",    "debería", "doit",
    "devrait",  "a",          "al",      "alla",     "à",        "de",      "del",     "della",
    "do",       "da",         "zu",      "zur",      "auf",      "para",    "per",     "pour",
    "na",       "на"};

/// Words that make of an option the answer.
inline constexpr std::array<std::string_view, 22> choosing{
    "correct",     "right",      "best",     "final",    "true",     "my",
    "appropriate", "answer",     "suitable", "correcta", "correcto", "correta",
    "correto",     "corretta",   "correcte", "bonne",    "richtige", "正确",
    "正確",        "правильный", "答案",     "正解"};

/// What follows a verb and is no part of the answer.
inline constexpr std::array<std::string_view, 44> fillers{"as follows",
                                                          "given by",
                                                          "therefore",
                                                          "thus",
                                                          "hence",
                                                          "indeed",
                                                          "simply",
                                                          "clearly",
                                                          "just",
                                                          "then",
                                                          "also",
                                                          "now",
                                                          "exactly",
                                                          "option",
                                                          "choice",
                                                          "letter",
                                                          "answer choice",
                                                          "number",
                                                          "opción",
                                                          "la opción",
                                                          "l'option",
                                                          "opção",
                                                          "选项",
                                                          "probably",
                                                          "most likely",
                                                          "likely",
                                                          "the following",
                                                          "donc",
                                                          "la letra",
                                                          "a letra",
                                                          "letra",
                                                          "la lettre",
                                                          "lettre",
                                                          "la lettera",
                                                          "der buchstabe",
                                                          "буква",
                                                          "daher",
                                                          "therefore be",
                                                          "вариант",
                                                          "опция",
                                                          "选",
                                                          "項",
                                                          "项",
                                                          "選項"};

/// After a verb: there is no answer here.
inline constexpr std::array<std::string_view, 16> denials{
    "not",   "nicht", "no es", "unknown",  "unclear", "correct",  "wrong", "incorrect",
    "right", "不",    "не ",   "given in", "shown",   "obtained", "found", "based on"};

/// What ends an answer in Japanese, Korean and Hindi after the answer itself.
inline constexpr std::array<std::string_view, 11> trailing_verbs{
    "です",   "だ",   "である", "となります", "になります", "となる",
    "입니다", "이다", "이에요", "예요",       "है"};

}  // namespace dag::detail
