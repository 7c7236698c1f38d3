"""Names for the fictional usagers: common family and first names of many origins, put together at random."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LAST_NAMES = _words(
    """
    Abdallah Adjovi Aguilar Alvarez Amrani Andrade Aubert Ayari Azevedo Ba Bakayoko Balde Barros Baudouin Belaïd
    Benali Benoît Berger Bernard Bertin Blanchard Bonnet Bouchard Boulanger Bouzid Brunet Caron Carvalho
    Chartier Chen Chevalier Cissokho Colin Correia Coulibaly Cruz Da-Costa Dahmani Delaunay Delmas Dembélé
    Deschamps Diallo Diarra Diaz Diop Doucouré Dos-Santos Dubreuil Dumont Duval El-Amrani Estève Fall Faure
    Fernandes Ferrand Fofana Fontaine Gallet Garcia Gauthier Germain Ghali Girard Gomes Gonçalves Guérin Guillot
    Haddad Hamdi Hernandez Hoang Hoarau Huet Husson Ibrahim Jacquet Jovanović Kaba Kaddour Kaya Keïta Khelifi
    Konaté Koné Kowalczyk Lacombe Lambert Laurent Lebrun Leclerc Lefort Legrand Lopes Louis Maillard Maïga
    Marchand Martinet Mbaye Mendes Mercier Meunier Mokrani Monteiro Moreau Morel Moussa N’Diaye Ndiaye Ngom
    Nguyen Nicolas Nowak Oliveira Ouattara Pereira Perrin Pham Pinto Poirier Popescu Prévost Ramos Renard
    Ribeiro Rivière Robin Rodriguez Rousseau Sacko Saïdi Salmon Sanchez Sangaré Schmitt Sidibé Silva Sissoko
    Soares Soumaré Sow Tavares Tessier Touré Tran Vidal Vincent Wagner Yıldız Zerrouki Zhang
    """
)

FIRST_NAMES = _words(
    """
    Aarav Abdou Adèle Adrien Agathe Ahmed Aïcha Alassane Alexandra Alice Amadou Amel Aminata Ana Andrei Anissa
    Anna Antonin Assia Aurélie Awa Ayoub Bastien Bilal Bintou Bruno Camélia Carla Catarina Charlotte Chloé
    Clémence Dalila Damien Daniel Diego Djibril Dorian Eduardo Elena Élise Emma Enzo Erwan Esma Estelle Fanta
    Farid Fatima Filipa Flavie Florian Gabriel Gaëlle Habib Hanna Hassan Hortense Hugo Ibrahima Idir Ilyes Imane
    Inaya Isabel Issa Jeanne Joana João Johanna Jonas Jules Kadiatou Kamel Kenza Kévin Khadija Lamine Laura Léa
    Léon Lina Linh Louise Lucas Lucie Luis Lyna Maëlys Maïssa Malik Manon Marguerite Maria Mariam Marius
    Mathilde Matteo Mehdi Mei Mélissa Miguel Mila Minh Mina Mohamed Moussa Myriam Naïm Nassim Nicolas Nina Noah
    Noémie Nour Oumar Ousmane Paola Pauline Pedro Quentin Rachida Rayan Rémi Romane Rosa Safia Salimata Salomé
    Samuel Sarah Sébastien Sékou Sherine Sirine Solène Sonia Tanguy Teresa Théo Tiago Tidiane Valérie Victor
    Wassim Xavier Yacine Yann Yasmin Yousra Zélie Zineb Zoé
    """
)
